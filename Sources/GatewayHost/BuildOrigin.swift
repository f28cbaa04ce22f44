/// Where this binary comes from, as far as the sources cannot know it; `.ci/package` writes this file anew.
enum BuildOrigin {
    /// The first seven digits of the commit; nil in a build by hand, whose sources may be any.
    static let commit: String? = nil
    /// The compiler's whole version, such as "6.3.1"; nil in a build by hand: the sources know two numbers of it.
    static let swift: String? = nil
}
