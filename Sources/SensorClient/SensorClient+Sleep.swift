import MQTTSN
import Time

/// Sleeping and waking up (MQTT-SN 1.2 §6.14).
extension SensorClient {
    mutating func goToSleep(at now: Instant) {
        send(.disconnect(duration: options.sleepSeconds), for: .sleep, at: now)
    }

    mutating func fallAsleep(at now: Instant) {
        reconnectCount = 0
        missedWakeUpCount = 0
        sleepOn(at: now)
    }

    /// Sleeps until the next wake-up.
    mutating func sleepOn(at now: Instant) {
        pending = nil
        phase = .asleep(until: now + .seconds(Int(options.sleepSeconds ?? 1)))
        events.append(.fellAsleep)
    }

    /// PINGREQ with the ClientId: what waits comes before the PINGRESP.
    mutating func wakeUp(at now: Instant) {
        phase = .awake
        events.append(.wokeUp)
        send(
            .pingRequest(clientID: 0..<options.clientID.count), from: options.clientID, for: .wakeUp, at: now)
    }

    mutating func pingAnswered(at now: Instant) {
        switch pending?.exchange {
        case .ping: complete(at: now)
        case .wakeUp where finishDeadline != nil: sendDisconnect(at: now)
        case .wakeUp: fallAsleep(at: now)
        case .connect, .willTopic, .willMessage, .register, .subscribe, .publish, .release, .sleep, .disconnect, nil:
            break
        }
    }
}
