import { createRequire } from 'node:module';
import { extname, join } from 'node:path';

const types = { '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8' };

/**
 * Serves the files of the web app's folder `static` as orbitd packed them when it built the app. To pack them for each
 * browser is most of what a process does for somebody's first visit.
 *
 * @returns an Express handler, which leaves what it has not got to the next one
 */
export function packedApp(require, { packageName }) {
  const express = createRequire(require.resolve('@backstage/plugin-app-backend'))('express');
  const files = express.static(join(packageName, 'dist', 'static'), {
    index: false,
    redirect: false,
    maxAge: '14d', // as Backstage: the names of the files change with what is in them
    setHeaders: (res, path) => {
      res.setHeader('Content-Type', types[extname(path.slice(0, -'.gz'.length))]);
      res.setHeader('Content-Encoding', 'gzip');
      res.setHeader('X-Content-Type-Options', 'nosniff');
    },
  });
  return (req, res, next) => {
    if (!(extname(req.path) in types)) return next();
    res.vary('Accept-Encoding');
    if (!req.acceptsEncodings('gzip')) return next();
    const { url } = req;
    req.url = `${req.path}.gz`;
    files(req, res, (error) => {
      req.url = url;
      next(error);
    });
  };
}
