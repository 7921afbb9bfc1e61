# The id is the workspace.
terraform import orbit_backstage_instance.acme acme
