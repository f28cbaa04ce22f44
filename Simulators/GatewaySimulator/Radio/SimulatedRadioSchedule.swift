import GatewayCore
import LinkFraming
import Time

/// Something that is going to happen in a radio network.
enum SimulatedRadioEvent: Sendable {
    case packetReachesNode(SimulatedRadioEffects.Delivery)
    case packetReachesModule(SimulatedPacket)
    /// The module's buffer is free; the data of the status, which is empty when the status is lost.
    case transmissionEnds([UInt8], to: XBeeAddress64?, isDelivered: Bool)
    case answer([UInt8])
}

/// A packet of a node on its way to the module.
struct SimulatedPacket: Sendable {
    var source: XBeeAddress64
    var source16: XBeeAddress16
    var payload: [UInt8]
    var isBroadcast: Bool
}

/// What is going to happen, earliest first; equal times in the order in which they were planned.
struct SimulatedRadioSchedule: Sendable {
    private struct Entry: Sendable {
        var time: Instant
        var event: SimulatedRadioEvent
    }

    /// The latest first, so that the next one is at the cheap end; there are few.
    private var entries: [Entry] = []

    var nextTime: Instant? { entries.last?.time }

    mutating func insert(_ event: SimulatedRadioEvent, at time: Instant) {
        var index = entries.count
        while index > 0, entries[index - 1].time <= time { index -= 1 }
        entries.insert(Entry(time: time, event: event), at: index)
    }

    mutating func takeDue(at now: Instant) -> SimulatedRadioEvent? {
        guard let last = entries.last, last.time <= now else { return nil }
        entries.removeLast()
        return last.event
    }

    mutating func removeAll() { entries.removeAll() }
}
