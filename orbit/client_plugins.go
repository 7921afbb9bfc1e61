package orbit

import (
	"context"
	"net/http"
)

func pluginPath(workspace, pkg string) string {
	return instancePath(workspace) + "/plugins/" + segment(pkg)
}

// PutPlugin declares a plugin of an instance and returns the accepted change. It is repeated as PutInstance is.
func (c *Client) PutPlugin(ctx context.Context, workspace, pkg string, on Precondition, write PluginWrite) (*Change, error) {
	return c.write(ctx, call{
		method: http.MethodPut, path: pluginPath(workspace, pkg), header: on.header(), body: write, writes: workspace, repeatable: on.Create,
	})
}

// GetPlugin reads a plugin of an instance. IsNotFound on the error means that the plugin, or its instance, is gone.
func (c *Client) GetPlugin(ctx context.Context, workspace, pkg string) (*Plugin, error) {
	var plugin Plugin
	err := c.do(ctx, call{method: http.MethodGet, path: pluginPath(workspace, pkg), repeatable: true}, &plugin)
	if err != nil {
		return nil, err
	}
	return &plugin, nil
}

// DeletePlugin removes a plugin from an instance. It returns when the removal is recorded; the change it returns is
// rolled out a few seconds later, together with whatever follows.
func (c *Client) DeletePlugin(ctx context.Context, workspace, pkg string, on Precondition) (*Change, error) {
	return c.write(ctx, call{
		method: http.MethodDelete, path: pluginPath(workspace, pkg), header: on.header(), writes: workspace, repeatable: true,
	})
}

// ListPlugins returns one page of an instance's plugins, whoever declared them.
func (c *Client) ListPlugins(ctx context.Context, workspace string, options PageOptions) (*Page[Plugin], error) {
	var page Page[Plugin]
	err := c.do(ctx, call{
		method: http.MethodGet, path: instancePath(workspace) + "/plugins", query: options.query(), repeatable: true,
	}, &page)
	if err != nil {
		return nil, err
	}
	return &page, nil
}
