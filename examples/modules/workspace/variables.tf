variable "workspace" {
  description = "The workspace: a DNS label of at most 40 characters. It names the instance's host and database."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$", var.workspace))
    error_message = "The workspace is part of a host name: at most 40 lower-case letters, digits and hyphens, and a letter or digit at both ends. For example: acme-payments."
  }
}

variable "title" {
  description = "What the Backstage is called. Null: the workspace."
  type        = string
  default     = null
}

variable "release" {
  description = "The Backstage release. Null: the newest that the provider's version knows, so a new provider is an upgrade."
  type        = string
  default     = null
}

variable "documents" {
  description = "App-config documents, YAML or JSON, each laid over those before it: mappings are merged key by key, everything else replaces, null unsets."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for document in var.documents : trimspace(document) != ""])
    error_message = "A document is empty. Leave it out of the list, or look whether its file was found."
  }
}

variable "plugins" {
  description = "Backend plugins by npm package: an exact version or a range, and the plugin's part of the app-config."
  type = map(object({
    version = string
    config  = optional(string)
  }))
  default  = {}
  nullable = false
}

variable "exact_versions" {
  description = "Refuse ranges such as ^4.8.0 in plugins, so that the code alone says what runs."
  type        = bool
  default     = false
  nullable    = false
}

variable "variables" {
  description = "Plain values behind $${NAME} in the documents. They are readable in plans and in the state."
  type        = map(string)
  default     = null
}

variable "secrets" {
  description = "Secret values behind $${NAME} in the documents. They are in no plan and no state, so raise secrets_version with every change."
  type        = map(string)
  default     = null
  ephemeral   = true
  sensitive   = true
}

variable "secrets_version" {
  description = "Any other number than before sends secrets again. Null: there are no secrets."
  type        = number
  default     = null

  validation {
    condition     = var.secrets_version == null || try(var.secrets_version >= 1 && floor(var.secrets_version) == var.secrets_version, false)
    error_message = "secrets_version is a whole number from 1. Raise it whenever a secret changes."
  }
}

variable "labels" {
  description = "What the instance is for, { team = \"payments\" } for example. They are added to the provider's default_labels."
  type        = map(string)
  default     = null
}

variable "memory_limit_mib" {
  description = "Limit of the process's memory in MiB."
  type        = number
  default     = 1024
  nullable    = false

  validation {
    condition     = var.memory_limit_mib >= 256 && var.memory_limit_mib <= 65536
    error_message = "memory_limit_mib is from 256 to 65536. A Backstage that has just started takes about 400."
  }
}

variable "restart_policy" {
  description = "What happens outside of the maintenance window to changes that cost a restart: auto rolls them out, manual stores them, forbid fails the plan."
  type        = string
  default     = "auto"
  nullable    = false

  validation {
    condition     = contains(["auto", "manual", "forbid"], var.restart_policy)
    error_message = "restart_policy is auto, manual or forbid."
  }
}

variable "in_window" {
  description = "Whether the run is in a maintenance window, where restarts go ahead whatever restart_policy says. The pipeline that knows the calendar sets it."
  type        = bool
  default     = false
  nullable    = false
}

variable "deletion_protection" {
  description = "Refuse to delete the instance, because that drops its database. To delete it, apply false first."
  type        = bool
  default     = true
  nullable    = false
}
