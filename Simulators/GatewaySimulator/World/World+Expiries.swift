import Bytes
import GatewayCore
import MQTT
import Time

// For how long the messages are good that the gateway reads (MQTT 5.0 §3.3.2.3.3).

extension World {
    /// The gateway is about to read from a stream of the broker.
    func noteExpiries(_ bytes: [UInt8], on number: Int) {
        guard let client = streams[number]?.owner, var reader = streams[number]?.reader, reader.version == .v5_0
        else { return }
        var offset = 0
        loop: while let item = try? reader.next(in: bytes.span.bytes, at: &offset) {
            switch item {
            case .needsMore: break loop
            case .frame(let range): noteExpiry(of: Array(bytes[range]), for: client)
            case .assembled: noteExpiry(of: reader.takeAssembled(), for: client)
            }
        }
        streams[number]?.reader = reader
    }

    private func noteExpiry(of packet: [UInt8], for client: Int) {
        var added = AddedFields()
        guard case .publish(let publish)? = try? Packet.decode(packet.span.bytes, .v5_0, &added),
            let stamp = Stamp(packet[publish.payload])
        else { return }
        let seconds = Packet5.number(.messageExpiryInterval, in: added.properties, of: packet.span.bytes)
        let isBegun = publish.duplicate && publish.qos == .exactlyOnce
        let expiresAt = isBegun ? nil : seconds.map { now + TimeSpan.seconds(Int($0)) }
        deliveries.gatewayReads(stamp, for: client, until: expiresAt, isBegun: isBegun)
    }
}
