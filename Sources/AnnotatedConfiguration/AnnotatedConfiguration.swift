/// `Config/gateway.toml`, which shows every key with its default, as the build has put it into the program.
package enum AnnotatedConfiguration {
    /// The file's octets.
    package static var text: [UInt8] { PackageResources.gateway_toml }
}
