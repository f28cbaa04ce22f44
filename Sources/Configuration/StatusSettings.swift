/// How much the gateway publishes of itself; below which topic is `UpstreamConfiguration.statusTopic`.
package struct StatusSettings: Equatable, Sendable {
    /// Clients whose availability is published in one second, 1 to 1,000; those of others wait, and then the latest is.
    package var clientsPerSecond = 100

    package init() {}
}
