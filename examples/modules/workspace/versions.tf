terraform {
  required_version = ">= 1.11"
  required_providers {
    orbit = {
      source  = "orbit-idp/orbit"
      version = ">= 0.1.0"
    }
  }
}
