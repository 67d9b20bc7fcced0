# One image for every role: `docker run turnkeeper <command>`, see docs/deploy.md.
#
# The base is pinned to an exact version. A digest would pin it harder; pin it where the registry can
# be asked: `docker buildx imagetools inspect node:24.21.0-bookworm-slim`.
FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The platform packages that bring Node 24 to older machines (190 MB) are of no use on this base.
# They cannot be left out by --omit=optional: the compiler that bundles Workflows is optional as well.
RUN npm ci --omit=dev --no-audit --no-fund && rm -rf node_modules/node-linux-*

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production TURNKEEPER_DATA_DIR=/tmp/turnkeeper
# The compiler that bundles Workflows unpacks 30 MB of machine code at its first use. With a read-only
# root this must be a tmpfs mounted with `exec` (Docker's default is noexec), or no worker starts.
ENV SWC_NATIVE_BINDING_CACHE=/var/cache/turnkeeper
RUN install -d -o node -g node -m 0700 /var/cache/turnkeeper
# Temporal's client is native code and looks for the system's root certificates (Temporal Cloud, TLS).
RUN apt-get update && apt-get install --no-install-recommends --yes ca-certificates \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY . .

# The files belong to root, so the process cannot change its own code. It writes to /tmp and
# /var/cache/turnkeeper only: with a tmpfs for each, the root file system may be read-only.
USER node
EXPOSE 3000

# Process 1 is the launcher: it passes SIGTERM on, so a stop drains running steps (10 s by default).
# It does not reap orphans of others: run with `init: true` or `docker run --init`.
ENTRYPOINT ["node", "bin/turnkeeper.js"]
CMD ["api"]
STOPSIGNAL SIGTERM

# Of the api. A worker has no port; compose replaces this check for it, and turns it off for migrate.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "deploy/health.js", "api"]
