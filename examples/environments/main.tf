# The same workspaces in dev, staging and production: one configuration, a file of variables and a state for each
# environment.
#
#   terraform workspace select -or-create dev
#   terraform apply -var-file=dev.tfvars
#
# In HCP Terraform each environment is a workspace of its own on this folder, with these variables in its settings.

terraform {
  required_version = ">= 1.11"
  required_providers {
    orbit = {
      source  = "orbit-idp/orbit"
      version = ">= 0.1.0"
    }
  }
}

# Each environment has its own orbitd: ORBIT_ENDPOINT and ORBIT_TOKEN_FILE say which.
provider "orbit" {
  default_labels = {
    environment  = var.environment
    "managed-by" = "terraform"
  }
}

variable "environment" {
  description = "dev, staging or production."
  type        = string

  validation {
    condition     = contains(["dev", "staging", "production"], var.environment)
    error_message = "The environment is dev, staging or production: give -var-file=dev.tfvars, for example."
  }
}

variable "workspaces" {
  description = "The environment's workspaces by name. Raise secrets_version when one of a workspace's secrets changes."
  type = map(object({
    title            = string
    team             = string
    secrets_version  = number
    memory_limit_mib = optional(number, 1024)
    plugins = optional(map(object({
      version = string
      config  = optional(string)
    })), {})
  }))
}

variable "secrets" {
  description = "Secrets by workspace and name. The pipeline sets TF_VAR_secrets from the environment's vault."
  type        = map(map(string))
  ephemeral   = true
  sensitive   = true
  default     = {}
}

variable "restart_policy" {
  description = "What happens outside of the maintenance window to changes that cost a restart."
  type        = string
}

variable "in_window" {
  description = "Whether the run is in the maintenance window."
  type        = bool
  default     = false
}

variable "exact_versions" {
  description = "Whether plugins need exact versions."
  type        = bool
}

variable "deletion_protection" {
  description = "Whether instances are protected from deletion."
  type        = bool
  default     = true
}

module "workspace" {
  source   = "../modules/workspace" # outside of this repository: a version of it, see the guide
  for_each = var.workspaces

  workspace = each.key
  title     = each.value.title
  labels    = { team = each.value.team }

  documents = [
    file("${path.module}/app-config/base.yaml"),
    file("${path.module}/app-config/${var.environment}.yaml"),
  ]
  plugins        = each.value.plugins
  exact_versions = var.exact_versions

  secrets         = lookup(var.secrets, each.key, null)
  secrets_version = each.value.secrets_version

  memory_limit_mib    = each.value.memory_limit_mib
  restart_policy      = var.restart_policy
  in_window           = var.in_window
  deletion_protection = var.deletion_protection
}

output "urls" {
  description = "Where people open each workspace's Backstage."
  value       = { for name, workspace in module.workspace : name => workspace.url }
}

output "plugin_versions" {
  description = "What runs in each workspace: the versions to write where exact ones are asked for."
  value       = { for name, workspace in module.workspace : name => workspace.resolved_versions }
}
