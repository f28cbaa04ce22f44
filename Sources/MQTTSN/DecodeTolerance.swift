/// How exactly the Length field must agree with the datagram.
public enum DecodeTolerance: Sendable {
    /// Length is the size of the datagram (GW-03, AMB-31).
    case strict
    /// Also accepts what the Paho C packet library sends for a 248-octet payload, and nothing else: the long form
    /// with Length 255 in a datagram of 257 octets (AMB-32). The message then takes the whole datagram.
    case lenient
}
