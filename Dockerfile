# A static binary in an empty image: docker build -t originproof . && docker run --rm originproof run
FROM rust:1.95-alpine AS build
WORKDIR /src
COPY . .
RUN cargo build --locked --profile dist && mkdir /state

FROM scratch
COPY --from=build /src/target/dist/originproof /originproof
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
# Journals of zones that hold data must outlive the container: mount a volume here.
COPY --from=build --chown=65532:65532 /state /state
USER 65532:65532
ENV XDG_STATE_HOME=/state
VOLUME /state
ENTRYPOINT ["/originproof"]
CMD ["--help"]
