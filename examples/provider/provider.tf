terraform {
  required_version = ">= 1.11"
  required_providers {
    orbit = {
      source = "orbit-idp/orbit"
    }
  }
}

provider "orbit" {
  endpoint   = "http://127.0.0.1:7070"
  token_file = "/var/lib/orbit/token"
}
