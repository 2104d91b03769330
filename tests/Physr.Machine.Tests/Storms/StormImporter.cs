// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing;

namespace Physr.Machine.Tests.Storms;

/// <summary>A driver that uses slices of another device's BAR and gives them up when told to.</summary>
internal sealed class StormImporter : IDmaBufImporter
{
    private DmaBufMapping? _mapping;

    public bool AllowsPeerToPeer => true;

    public bool CanInvalidateMappings => true;

    public StormMapping? Mapping { get; private set; }

    public StormMapping? Revoked { get; private set; }

    public void Took(DmaBufMapping mapping, StormMapping storm)
    {
        _mapping = mapping;
        Mapping = storm;
    }

    /// <summary>Unmaps by itself.</summary>
    public void GiveBack()
    {
        _mapping!.Attachment.UnmapUnlocked(_mapping);
        (_mapping, Mapping) = (null, null);
    }

    public void InvalidateMappings(DmaBufAttachment attachment)
    {
        if (attachment.Buffer.IsRevoked && _mapping is not null)
        {
            attachment.Unmap(_mapping);
            (Revoked, Mapping, _mapping) = (Mapping, null, null);
        }
    }

    /// <summary>What the last revoke took, once.</summary>
    public StormMapping? TakeRevoked()
    {
        StormMapping? revoked = Revoked;
        Revoked = null;
        return revoked;
    }
}
