import { PageBlueprint } from '@backstage/frontend-plugin-api';
import { Navigate } from 'react-router-dom';

/**
 * Whoever opens the portal's address sees the catalog. An instance that has a plugin with a page of its own for that
 * turns this one off: `app.extensions: [{ 'page:app/landing': false }]`.
 */
export const landingPage = PageBlueprint.make({
  name: 'landing',
  params: { path: '/', loader: async () => <Navigate to="/catalog" replace /> },
});
