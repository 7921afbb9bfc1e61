resource "orbit_workspace_token" "pipeline" {
  workspace   = "acme"
  role        = "workspace_admin"
  description = "acme's own pipeline"
}

# A token that ends by itself after 90 days. Another generation makes another one before that, and the old one is revoked
# after the new one is in use.
variable "token_generation" {
  description = "Another number makes another token."
  type        = number
  default     = 1
}

resource "orbit_workspace_token" "dashboard" {
  workspace = "acme"
  role      = "reader"
  lifetime  = "2160h"

  rotate_when_changed = {
    generation = var.token_generation
  }

  lifecycle {
    create_before_destroy = true
  }
}

output "dashboard_token" {
  value     = orbit_workspace_token.dashboard.token
  sensitive = true
}
