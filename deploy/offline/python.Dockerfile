# As python:3.13-slim: the interpreter as `python3`, with venv, which brings pip.
FROM triglot-offline/base:13
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    apt-get update -qq && apt-get install -qq -y --no-install-recommends python3 python3-venv > /dev/null
