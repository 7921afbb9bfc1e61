locals {
  title = coalesce(var.title, var.workspace)

  # What every workspace has. The caller's documents go over it.
  baseline = yamlencode({
    app          = { title = local.title }
    organization = { name = local.title }
  })

  ranges = [for package, plugin in var.plugins : "${package} ${plugin.version}" if !can(regex("^[0-9]+\\.[0-9]+\\.[0-9]+([-+].*)?$", plugin.version))]
}

resource "orbit_backstage_instance" "this" {
  workspace = var.workspace
  release   = var.release

  # The same merging as orbitd's own.
  config    = provider::orbit::merge_app_config(local.baseline, var.documents...)
  plugins   = length(var.plugins) == 0 ? null : var.plugins
  variables = var.variables
  labels    = var.labels

  secrets_wo         = var.secrets
  secrets_wo_version = var.secrets_version

  memory_limit_mib    = var.memory_limit_mib
  restart_policy      = var.in_window ? "auto" : var.restart_policy
  deletion_protection = var.deletion_protection

  lifecycle {
    precondition {
      condition     = !var.exact_versions || length(local.ranges) == 0
      error_message = "Workspace ${var.workspace} takes exact plugin versions, and these are ranges: ${join(", ", local.ranges)}. The output resolved_versions of an environment with ranges tells what they mean."
    }
  }
}
