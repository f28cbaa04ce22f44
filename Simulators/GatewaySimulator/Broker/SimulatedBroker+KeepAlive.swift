// Watches that connections are not silent for too long (MQTT 3.1.1 §3.1.2.10, §3.1.4).

import GatewayCore
import MQTT
import Time

extension SimulatedBroker {
    /// One and a half times the Keep Alive, or no supervision when it is 0 [MQTT-3.1.2-24].
    mutating func setKeepAlive(_ seconds: UInt16, of connection: BrokerConnectionID) {
        connections[connection]?.patience = seconds == 0 ? nil : .milliseconds(Int(seconds) * 1_500)
        schedule(connection)
    }

    /// Puts the connection into the deadline queue, unless it is there early enough.
    mutating func schedule(_ connection: BrokerConnectionID) {
        guard let state = connections[connection] else { return }
        guard let deadline = state.deadline else {
            connections[connection]?.queuedDeadline = nil
            return
        }
        if let queued = state.queuedDeadline, queued <= deadline { return }
        connections[connection]?.queuedDeadline = deadline
        deadlines.insert(connection, at: deadline)
    }

    /// A client that was silent for too long is disconnected as if the network had failed [MQTT-3.1.2-24].
    mutating func closeSilentConnections(at now: Instant, into effects: inout BrokerEffects) {
        while let entry = deadlines.first, entry.time <= now {
            deadlines.removeFirst()
            guard connections[entry.connection]?.queuedDeadline == entry.time else { continue }
            connections[entry.connection]?.queuedDeadline = nil
            if let deadline = connections[entry.connection]?.deadline, deadline <= now {
                counters.timeouts += 1
                close(entry.connection, publishingWill: true, because: .keepAliveTimeout, into: &effects)
            } else {
                schedule(entry.connection)
            }
        }
    }

    /// Entries of connections that ended, or that have an earlier entry, must not wake the host.
    mutating func dropStaleDeadlines() {
        while let entry = deadlines.first, connections[entry.connection]?.queuedDeadline != entry.time {
            deadlines.removeFirst()
        }
    }
}
