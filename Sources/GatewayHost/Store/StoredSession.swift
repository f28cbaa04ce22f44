import Bytes
package import GatewayCore

/// A session as the store keeps it at its client's name: where the client was, and the record of the session.
///
/// Octet 0 is the version, 1. Then come the link and the address, each behind its length (UInt16, most significant
/// octet first), and the octets of the `SessionRecord` to the end. The record tells times as ages, seen from the moment
/// of the entry (`RecoveredJournal.Entry.moment`).
package struct StoredSession: Hashable, Sendable {
    /// Why octets are no session.
    package enum Failure: Error, Hashable, Sendable {
        /// They end inside what stands before the record.
        case endsEarly
        /// A version that is not known here.
        case version(UInt8)
        /// The record; `SessionRecordError.offset` counts from its beginning.
        case record(SessionRecordError)
    }

    private static let version: UInt8 = 1

    /// What the link is called, such as `udp://0.0.0.0:1884`; UTF-8, of at most 65,535 octets.
    package var link: String
    /// The address as the link writes it, of at most 65,535 octets; empty where none is known.
    package var address: [UInt8]
    package var record: SessionRecord

    package init(link: String, address: [UInt8], record: SessionRecord) {
        (self.link, self.address, self.record) = (link, address, record)
    }

    /// The octets, which `init(_:)` reads again.
    package var octets: [UInt8] {
        var octets = [Self.version]
        for part in [Array(link.utf8), address] {
            octets.append(bigEndian: UInt16(part.count))
            octets += part
        }
        record.encode(into: &octets)
        return octets
    }

    /// Reads octets of which nothing is believed.
    package init(_ bytes: RawSpan) throws(Failure) {
        guard let version = bytes.byte(at: 0) else { throw .endsEarly }
        guard version == Self.version else { throw .version(version) }
        var offset = 1
        let link = try Self.part(of: bytes, at: &offset)
        let address = try Self.part(of: bytes, at: &offset)
        do throws(SessionRecordError) {
            record = try SessionRecord.decode(bytes.extracting(offset..<bytes.byteCount))
        } catch {
            throw .record(error)
        }
        (self.link, self.address) = (String(decoding: link, as: UTF8.self), address)
    }

    private static func part(of bytes: RawSpan, at offset: inout Int) throws(Failure) -> [UInt8] {
        guard let count = bytes.uint16(at: offset), Int(count) <= bytes.byteCount - offset - 2 else {
            throw .endsEarly
        }
        defer { offset += 2 + Int(count) }
        return bytes.copy(of: offset + 2..<offset + 2 + Int(count))
    }
}
