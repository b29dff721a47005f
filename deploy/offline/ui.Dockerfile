# As temporalio/ui, from its Go module, which has the pages and the official image's configuration.
FROM go AS build
ARG TEMPORAL_UI_VERSION=2.54.1
ENV CGO_ENABLED=0 GOCACHE=/var/cache/go-build
WORKDIR /build
RUN --mount=type=cache,target=/var/cache/go-build --mount=type=cache,target=/go/pkg/mod \
    module=github.com/temporalio/ui-server/v2; \
    go install -ldflags '-s -w' $module/cmd/server@v${TEMPORAL_UI_VERSION} \
    && cp --no-preserve=mode /go/pkg/mod/$module@v${TEMPORAL_UI_VERSION}/config/docker.yaml .

FROM triglot-offline/base:13
# Alpine, which the official image is built on, has wget.
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    apt-get update -qq && apt-get install -qq -y --no-install-recommends wget > /dev/null \
    && useradd --uid 1000 --create-home temporal
WORKDIR /home/ui-server
COPY --from=build /go/bin/server ui-server
COPY --from=build /build/docker.yaml config/docker.yaml
USER temporal
ENTRYPOINT ["./ui-server", "--env", "docker", "start"]
