package provider

import "github.com/hashicorp/terraform-plugin-framework/types"

// planURLs plans where people open the instance. With a base URL that is known now, and a pure function of it; without one
// it is what orbitd said, which is not known where there was a base URL before.
func (m *instanceModel) planURLs(state *instanceModel, creating bool) {
	switch {
	case m.BaseURL.ValueString() != "":
		m.URL, m.APIURL = m.BaseURL, types.StringValue(m.BaseURL.ValueString()+"/api")
	case creating, m.BaseURL.IsUnknown(), state.BaseURL.ValueString() != "":
		m.URL, m.APIURL = types.StringUnknown(), types.StringUnknown()
	}
}
