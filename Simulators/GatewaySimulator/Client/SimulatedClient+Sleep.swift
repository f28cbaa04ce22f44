// How a client sleeps and wakes (MQTT-SN 1.2 §6.14).

import MQTTSN

extension SimulatedClient {
    /// Only a client that is connected can fall asleep; what it has open waits for its next connection.
    mutating func sleep(_ seconds: UInt16, into effects: inout ClientEffects) {
        guard state == .active || state == .asleep, seconds > 0 else { return }
        sleepSeconds = seconds
        willUpdating = nil
        state = .fallingAsleep
        connecting = request(.sleep)
        sendConnectionStep(.sleep, into: &effects)
    }

    mutating func wakeUp(into effects: inout ClientEffects) {
        guard state == .asleep else { return }
        state = .awake
        connecting = request(.wakeUp)
        sendConnectionStep(.wakeUp, into: &effects)
    }

    mutating func fallAsleep(into effects: inout ClientEffects) {
        state = .asleep
        hasSlept = true
        connecting = nil
        effects.observe(.fellAsleep)
    }
}
