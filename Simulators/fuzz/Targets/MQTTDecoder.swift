// The target `MQTTDecoder`: a stream gives the same packets and the same error however it is split, and each packet is
// sent again as it came.
//
// The first octet of the input chooses the largest packet. Of the second the lower half says how many octets tell the
// splits, and the highest bit that the stream is of MQTT 5.0; the stream follows these.

import Bytes
import MQTT

/// What is wrong with reading the stream in `input`; nil when nothing is.
func faultOfStream(_ input: RawSpan) -> String? {
    guard let first = input.byte(at: 0), let count = input.byte(at: 1) else { return nil }
    let limit = first < 0x80 ? 100_000 : 2 + Int(first & 0x7F)
    let version: ProtocolVersion = count & 0x80 == 0 ? .v3_1_1 : .v5_0
    let streamOffset = min(2 + Int(count & 0x0F), input.byteCount)
    let splits = input.copy(of: 2..<streamOffset)
    let stream = input.copy(of: streamOffset..<input.byteCount)
    let whole = StreamReading(stream, version, splits: [], limit: limit, pauses: false)
    if let fault = whole.fault { return fault }
    for pauses in [false, true] {
        let split = StreamReading(stream, version, splits: splits, limit: limit, pauses: pauses)
        if let fault = split.fault { return fault }
        guard split.packets == whole.packets else { return "other packets when split at \(splits), \(pauses)" }
        guard split.error == whole.error else {
            return "\(whole.error as PacketError?) becomes \(split.error as PacketError?) when split at \(splits)"
        }
    }
    for packet in whole.packets {
        if let fault = version == .v5_0 ? faultOfPacket5(packet) : faultOfPacket(packet) { return fault }
    }
    return nil
}

/// What a decoder made of a stream.
private struct StreamReading {
    var packets: [[UInt8]] = []
    var error: PacketError?
    var fault: String?
    private let stream: [UInt8]
    private let pauses: Bool

    /// Reads `stream` with a decoder that takes packets of up to `limit` octets.
    ///
    /// `splits` are the sizes of the inputs, over and over, all in one if there are none; with `pauses` the decoder has
    /// to keep what follows each packet.
    init(_ stream: [UInt8], _ version: ProtocolVersion, splits: [UInt8], limit: Int, pauses: Bool) {
        (self.stream, self.pauses) = (stream, pauses)
        var decoder = PacketDecoder(maximumPacketByteCount: limit, version: version)
        var start = 0
        var number = 0
        while start < stream.count, error == nil, fault == nil {
            let size = splits.isEmpty ? stream.count : 1 + Int(splits[number % splits.count] & 0x3F)
            number += 1
            let end = min(start + size, stream.count)
            read(Array(stream[start..<end]), &decoder)
            start = end
        }
        let packetsByteCount = packets.reduce(0) { $0 + $1.count }
        if error == nil, fault == nil, decoder.bufferedByteCount != stream.count - packetsByteCount {
            fault = "\(decoder.bufferedByteCount) octets are stored of \(stream.count - packetsByteCount)"
        }
        if packets.contains(where: { $0.count > limit }) { fault = "a packet is longer than the limit" }
    }

    private mutating func read(_ input: [UInt8], _ decoder: inout PacketDecoder) {
        let span = input.span
        var position = 0
        do throws(PacketError) {
            while true {
                let before = position
                switch try decoder.next(in: span.bytes, at: &position) {
                case .needsMore:
                    if position != input.count { fault = "needs more and leaves \(input.count - position)" }
                    return
                case .frame(let range):
                    guard range.lowerBound == before, range.upperBound == position else {
                        fault = "a frame at \(range), the position at \(position)"
                        return
                    }
                    packets.append(Array(input[range]))
                case .assembled:
                    let packet = decoder.takeAssembled()
                    packets.append(packet)
                    decoder.recycle(packet)
                }
                guard pauses else { continue }
                decoder.keep(span.bytes, from: position)
                position = input.count
            }
        } catch {
            self.error = error
        }
    }
}

/// In 5.0 what need not be said may be, so a packet is compared with what it is sent as.
private func faultOfPacket5(_ frame: [UInt8]) -> String? {
    let source = frame.span
    guard let packet = try? Packet5.decode(source.bytes) else {
        let fault = Packet.fault(in: source.bytes, .v5_0)
        return fault.map { (0...frame.count).contains($0.offset) } == true ? nil : "a fault outside of \(frame)"
    }
    let parts = packet.packet.parts + [packet.added.properties, packet.added.willProperties, packet.added.reasonCodes]
    for part in parts where !part.isEmpty && part.lowerBound < 2 || part.upperBound > frame.count {
        return "a part of \(packet) lies outside"
    }
    for properties in [packet.added.properties, packet.added.willProperties] where !properties.isEmpty {
        var position = 0
        while Packet5.nextProperty(of: properties, in: source.bytes, at: &position) != nil {}
        if position != properties.upperBound { return "properties end at \(position): \(packet)" }
    }
    if let fault = faultOfFilters(of: packet.packet, in: source.bytes) { return fault }
    var sent: [UInt8] = []
    sent.appendPacket(packet, from: source.bytes)
    guard sent.count <= frame.count, sent.first == frame.first, sent.count + 2 >= frame.count else {
        return "\(packet) is sent as \(sent)"
    }
    guard sent != frame else { return nil }
    let span = sent.span
    guard let again = try? Packet5.decode(span.bytes), again.packet == packet.packet,
        again.added.reasonCode == packet.added.reasonCode
    else { return "\(packet) does not come back from \(sent)" }
    return nil
}

private func faultOfPacket(_ frame: [UInt8]) -> String? {
    let source = frame.span
    guard let packet = try? Packet.decode(source.bytes) else { return nil }
    for part in packet.parts where part.lowerBound < 2 || part.upperBound > frame.count {
        return "a part of \(packet) lies outside"
    }
    if let fault = faultOfFilters(of: packet, in: source.bytes) { return fault }
    var sent: [UInt8] = []
    sent.appendPacket(packet, from: source.bytes)
    // Only the Remaining Length may have been longer than needed.
    guard bodyOffset(of: frame).map({ frame[$0...] }) == bodyOffset(of: sent).map({ sent[$0...] }),
        sent.count <= frame.count, sent.first == frame.first
    else { return "\(packet) is sent as \(sent)" }
    var sentAgain: [UInt8] = []
    let span = sent.span
    guard let again = try? Packet.decode(span.bytes) else { return "\(packet) does not decode again" }
    sentAgain.appendPacket(again, from: span.bytes)
    return sentAgain == sent ? nil : "\(packet) is sent in two ways"
}

/// Where the Remaining Length ends.
private func bodyOffset(of frame: [UInt8]) -> Int? { frame.dropFirst().firstIndex { $0 < 0x80 }.map { $0 + 1 } }

/// Whether the filters fill their packet to the last octet.
private func faultOfFilters(of packet: Packet, in frame: RawSpan) -> String? {
    var position = 0
    if case .subscribe(let subscribe) = packet {
        while subscribe.nextFilter(in: frame, at: &position) != nil {}
        return position == subscribe.filters.upperBound ? nil : "filters end at \(position): \(packet)"
    }
    if case .unsubscribe(let unsubscribe) = packet {
        while unsubscribe.nextFilter(in: frame, at: &position) != nil {}
        return position == unsubscribe.filters.upperBound ? nil : "filters end at \(position): \(packet)"
    }
    return nil
}

extension Packet {
    /// The variable parts.
    fileprivate var parts: [ByteRange] {
        switch self {
        case .connect(let connect):
            [connect.clientID, connect.will?.topic, connect.will?.payload, connect.username, connect.password]
                .compactMap { $0 }
        case .publish(let publish): [publish.topicName, publish.payload]
        case .subscribe(let subscribe): [subscribe.filters]
        case .subscribeAcknowledgement(let answer): [answer.returnCodes]
        case .unsubscribe(let unsubscribe): [unsubscribe.filters]
        case .connectAcknowledgement, .publishAcknowledgement, .publishReceived, .publishRelease, .publishComplete,
            .unsubscribeAcknowledgement, .pingRequest, .pingResponse, .disconnect, .authentication:
            []
        }
    }
}
