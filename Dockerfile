# The provisioner and the portal simulator in one image. TypeScript runs as it is (type stripping): nothing is compiled.
FROM node:24-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="data-product-provisioner" \
      org.opencontainers.image.description="Gives every data product of a data product portal its home: an S3 prefix, credentials and a ready workspace." \
      org.opencontainers.image.licenses="Apache-2.0"

# Workspaces are git repositories.
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*

# uid and gid 1000, as the editors' users have: what one makes in a workspace the others may change. The volumes' mount
# points belong to it, so that new named volumes do as well.
RUN groupmod --new-name provisioner node \
    && usermod --login provisioner --home /app node \
    && install -d -o provisioner -g provisioner -m 0750 /data /control \
    && install -d -o provisioner -g provisioner -m 2775 /products

WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY src ./src
COPY templates ./templates
COPY demo/portal ./demo/portal

ENV NODE_ENV=production \
    PROV_DATABASE_URL=/data/db \
    PROV_CONTROL_PATH=/control \
    PROV_TEMPLATE_CACHE=/data/templates \
    PROV_TEMPLATE_PATH=/app/templates/sqlmesh \
    PROV_TEMPLATE_OUTPUT_PATH=/products \
    NODE_COMPILE_CACHE=/app/.compile-cache \
    MALLOC_ARENA_MAX=2 \
    MALLOC_TRIM_THRESHOLD_=131072 \
    MALLOC_MMAP_THRESHOLD_=131072
# Types are stripped once, here: the root is read-only when it runs. The daemon is loaded by `serve` alone.
RUN node src/main.js --version && node --eval "import('/app/src/daemon.ts')"
USER provisioner
VOLUME ["/data", "/control", "/products"]
EXPOSE 8090
# Live, not ready: a store that is down is no reason to restart what takes webhooks.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PROV_PORT || 8090}/health/live`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# The flags of `npm start`: see docs/operations.md, Memory.
CMD ["node", "--no-lazy-feedback-allocation", "--invocation-count-for-maglev=100", "--wasm-tiering-budget=100000", "--max-semi-space-size=8", "--max-old-space-size=320", "src/main.js", "serve"]
