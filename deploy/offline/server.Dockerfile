# As temporalio/server and temporalio/admin-tools, a target each, from the server's Go module, which has the official
# image's start script too.
FROM go AS build
ARG TEMPORAL_SERVER_VERSION=1.32.2
ENV CGO_ENABLED=0 GOCACHE=/var/cache/go-build
WORKDIR /build
RUN --mount=type=cache,target=/var/cache/go-build --mount=type=cache,target=/go/pkg/mod \
    module=go.temporal.io/server; \
    go install -tags disable_grpc_modules -ldflags '-s -w' \
      $module/cmd/server@v${TEMPORAL_SERVER_VERSION} $module/cmd/tools/sql@v${TEMPORAL_SERVER_VERSION} \
    && cp /go/pkg/mod/$module@v${TEMPORAL_SERVER_VERSION}/docker/scripts/sh/entrypoint.sh .

FROM triglot-offline/base:13 AS server
# Alpine, which the official image is built on, has wget.
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    apt-get update -qq && apt-get install -qq -y --no-install-recommends wget > /dev/null \
    && useradd --uid 1000 --create-home temporal
COPY --from=build /go/bin/server /usr/local/bin/temporal-server
COPY --from=build --chmod=755 /build/entrypoint.sh /etc/temporal/entrypoint.sh
WORKDIR /etc/temporal
USER temporal
CMD ["/etc/temporal/entrypoint.sh"]

FROM triglot-offline/base:13 AS admin-tools
RUN useradd --uid 1000 --create-home temporal
COPY --from=temporal /usr/local/bin/temporal /usr/local/bin/temporal
COPY --from=build /go/bin/sql /usr/local/bin/temporal-sql-tool
USER temporal
CMD ["sleep", "infinity"]
