//! Traces, if the configuration names a collector. Without the feature `otlp`, it cannot.

#[cfg(feature = "otlp")]
mod on {
    use jeton_server::{Fetcher, LAST_TRACES_TIME, Reach, ServiceBuilder, TraceExporter, Traces};
    use tokio::task::JoinHandle;
    use tokio::time::timeout;

    use crate::config::Config;

    /// The traces of a server.
    pub(crate) struct Tracing(Option<(Traces, JoinHandle<()>)>);

    impl Tracing {
        /// Begins to send spans, if the configuration says where to. `instance` names this node.
        pub(crate) fn start(config: &Config, instance: &str) -> Self {
            let start = |collector: &crate::config::Collector| {
                let fetcher = Fetcher::new().allow(Reach::Loopback).allow(Reach::Private).allow_plain_http();
                let (traces, exporter) =
                    Traces::to(collector.0.clone(), fetcher, config.traces_share.0, instance.to_owned());
                (traces, tokio::spawn(TraceExporter::run(exporter)))
            };
            Self(config.traces_endpoint.as_ref().map(start))
        }

        /// The service with traces.
        pub(crate) fn of(&self, service: ServiceBuilder) -> ServiceBuilder {
            service.traces(self.0.as_ref().map(|(traces, _)| traces.clone()))
        }

        /// Sends the last spans, without waiting for long.
        pub(crate) async fn stop(self) {
            if let Some((traces, exporter)) = self.0 {
                traces.stop();
                let _ = timeout(LAST_TRACES_TIME, exporter).await;
            }
        }
    }
}

#[cfg(not(feature = "otlp"))]
mod on {
    use jeton_server::ServiceBuilder;

    use crate::config::Config;

    /// No traces.
    pub(crate) struct Tracing;

    impl Tracing {
        pub(crate) fn start(_: &Config, _: &str) -> Self {
            Self
        }

        pub(crate) fn of(&self, service: ServiceBuilder) -> ServiceBuilder {
            service
        }

        pub(crate) async fn stop(self) {}
    }
}

pub(crate) use on::Tracing;
