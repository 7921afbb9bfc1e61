# The id is the workspace, a slash and the token's id, which is no secret. The token itself stays null.
terraform import orbit_workspace_token.pipeline acme/01a2052c-8088-7446-835b-92b86c5bc14a
