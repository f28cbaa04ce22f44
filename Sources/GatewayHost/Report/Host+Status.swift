import GatewayCore
import Time

// How the gateway is, as JSON.

extension Host {
    func writeStatus(to json: inout JSONText) {
        let readiness = readiness
        json.object("health") {
            $0.add("live", true)
            $0.add("ready", readiness.ready)
            $0.add("sentence", readiness.sentence)
        }
        json.object("clients") { json in
            for (state, count) in clientCounts { json.add(state.rawValue, count) }
            json.add("limit", configuration.limits.clients)
        }
        let census = gateway.takeCensus()
        json.object("waiting") {
            $0.add("messages", census.queuedMessages)
            $0.add("bytes", census.queuedByteCount)
        }
    }
}
