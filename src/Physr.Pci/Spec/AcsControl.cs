// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pci.Spec;

/// <summary>Bits of the ACS control register; the capability register has them in the same places (PCI Express Base 5.0, 7.7.8).</summary>
[Flags]
public enum AcsControl : ushort
{
    /// <summary>Nothing is enforced.</summary>
    None = 0,

    /// <summary>SV: requester ids are checked.</summary>
    SourceValidation = 1 << 0,

    /// <summary>TB: translated requests are blocked.</summary>
    TranslationBlocking = 1 << 1,

    /// <summary>RR: requests between peers go up to the root complex.</summary>
    RequestRedirect = 1 << 2,

    /// <summary>CR: completions between peers go up to the root complex.</summary>
    CompletionRedirect = 1 << 3,

    /// <summary>UF: redirected requests may come up through this port.</summary>
    UpstreamForwarding = 1 << 4,

    /// <summary>EC: a vector of egress ports decides which peers are redirected.</summary>
    EgressControl = 1 << 5,

    /// <summary>DT: translated requests may go directly to a peer.</summary>
    DirectTranslated = 1 << 6,

    /// <summary>RR, CR and EC: the bits that take a peer's request off the direct route (row R50a). SV, TB, UF and DT do not (row R50b).</summary>
    Redirects = RequestRedirect | CompletionRedirect | EgressControl,
}
