// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Sharing.Protocol;

/// <summary>Whether a buffer may be mapped.</summary>
public enum RevocablePhase
{
    /// <summary>It may be mapped.</summary>
    Usable = 0,

    /// <summary>Nobody new may map it; those who mapped it before are being told, or have not all unmapped yet.</summary>
    Revoking = 1,

    /// <summary>It may not be mapped, and nothing is.</summary>
    Revoked = 2,
}
