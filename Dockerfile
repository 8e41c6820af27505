# The service as one image: web, worker and every command. Built from hashed requirements; runs without root.

# The studio's mail editor, and the browser's solver of a proof of work; Node stays behind here.
FROM python:3.11-slim-bookworm AS bundle
WORKDIR /app
COPY requirements-node.txt ./
COPY frontend frontend
COPY .ci/bundle .ci/bundle
RUN .ci/bundle

FROM python:3.11-slim-bookworm
ENV PYTHONUNBUFFERED=1 PATH=/app/.venv/bin:$PATH

# /data and /content give the volumes mounted there their owner.
RUN useradd --system --uid 10001 --no-create-home nurture && install -d -o nurture -g nurture /data /content

WORKDIR /app
COPY requirements.txt requirements-uv.txt requirements.in pyproject.toml LICENSE ./
COPY .ci/install .ci/install
COPY service service
COPY --from=bundle /app/service/web/dist service/web/dist
# Compiled here, for a quick start: whoever runs the service may not write beside it.
RUN .ci/install requirements.txt

COPY alembic alembic
COPY practice.yaml forms.yaml ./
COPY sequences sequences
COPY email_templates email_templates
COPY deploy/fill-content deploy/fill-content

ENV NURTURE_DATA_DIR=/data
USER nurture
EXPOSE 8000
CMD ["nurture", "serve", "--host", "0.0.0.0", "--port", "8000"]
