import {
  to = orbit_workspace_token.pipeline
  identity = {
    workspace = "acme"
    token_id  = "01a2052c-8088-7446-835b-92b86c5bc14a"
  }
}
