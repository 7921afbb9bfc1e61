import {
  to = orbit_backstage_instance.acme
  identity = {
    workspace = "acme"
  }
}
