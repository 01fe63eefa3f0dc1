# One image for `relance api`, `relance worker`, `relance migrate` and, in sandboxes, `relance mail-catcher`.
FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /opt/build && python -m venv /opt/relance
WORKDIR /source
# The dependencies change less often than the code: their layers come first.
COPY requirements-build.lock requirements-prod.lock ./
RUN /opt/build/bin/pip install --require-hashes -r requirements-build.lock
RUN /opt/relance/bin/pip install --require-hashes -r requirements-prod.lock
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY migrations migrations
COPY email_templates email_templates
RUN /opt/build/bin/python -m hatchling build -t wheel -d /wheel \
    && /opt/relance/bin/pip install --no-deps --no-index /wheel/relance-*.whl \
    && /opt/relance/bin/relance --help >/dev/null

FROM python:3.12-slim
# What lays out the PDFs of export templates, and letters for them.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
        fonts-liberation fontconfig \
    && rm -rf /var/lib/apt/lists/* && fc-cache
# A fixed number, so that Kubernetes' runAsNonRoot and file owners of volumes can name it.
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin relance \
    && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/relance/files
COPY --from=build /opt/relance /opt/relance
ENV PATH=/opt/relance/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /tmp
USER 10001
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["relance"]
CMD ["api", "--host", "0.0.0.0"]
