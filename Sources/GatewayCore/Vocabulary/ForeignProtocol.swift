import Bytes

/// A protocol that is not the one spoken here, known by how its messages begin, so that a mistake can be called by its
/// name.
package enum ForeignProtocol: UInt8, Hashable, Sendable, CaseIterable {
    /// MQTT itself, in a datagram (MQTT 3.1.1 §3.1: its first packet is CONNECT).
    case mqtt
    /// HTTP/1 (RFC 9112 §3, §4): a request, or the answer to what was taken for one.
    case http
    /// A record of TLS (RFC 8446 §5.1), or in a datagram of DTLS (RFC 6347 §4.1).
    case tls

    /// What octets are that are no message of the protocol spoken here; nil where nothing is recognised.
    package init?(startOf bytes: RawSpan) {
        if Self.isTLS(bytes) {
            self = .tls
        } else if Self.isHTTP(bytes) {
            self = .http
        } else if Self.isMQTT(bytes) {
            self = .mqtt
        } else {
            return nil
        }
    }

    /// A content type from change_cipher_spec to application_data, and a version: 3.x, or the complement of DTLS's 1.x.
    private static func isTLS(_ bytes: RawSpan) -> Bool {
        guard let type = bytes.byte(at: 0), let version = bytes.uint16(at: 1), 20...23 ~= type else { return false }
        return 0x0300...0x0304 ~= version || 0xFEFD...0xFEFF ~= version
    }

    private static let beginningsOfHTTP = ["HTTP/", "GET ", "HEAD ", "POST ", "PUT ", "OPTIONS ", "CONNECT "]
        .map { Array($0.utf8) }

    private static func isHTTP(_ bytes: RawSpan) -> Bool {
        // Most of what is no message is no text either, and is not compared with seven beginnings.
        guard let first = bytes.byte(at: 0), first >= UInt8(ascii: "A"), first <= UInt8(ascii: "Z") else {
            return false
        }
        return beginningsOfHTTP.contains {
            $0.count <= bytes.byteCount && bytes.equals($0.span.bytes, in: 0..<$0.count)
        }
    }

    /// CONNECT: its type, up to four octets of a length, and the protocol's name with its own length.
    private static func isMQTT(_ bytes: RawSpan) -> Bool {
        guard bytes.byte(at: 0) == 0x10 else { return false }
        var position = 1
        while position < 4, let octet = bytes.byte(at: position), octet >= 0x80 { position += 1 }
        return namesOfMQTT.contains {
            position + 1 + $0.count <= bytes.byteCount
                && bytes.equals($0.span.bytes, in: position + 1..<position + 1 + $0.count)
        }
    }

    /// MQTT 3.1.1 and 5 (§3.1.2.1), and MQTT 3.1.
    private static let namesOfMQTT = [[0x00, 0x04] + Array("MQTT".utf8), [0x00, 0x06] + Array("MQIsdp".utf8)]
}
