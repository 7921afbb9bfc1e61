import {
  to = orbit_backstage_instance.acme
  id = "acme"
}
