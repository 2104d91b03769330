// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage;

/// <summary>One user of a <see cref="DescriptorBacking"/>, such as a file: what he covers has page descriptors.</summary>
public sealed class DescriptorUse : IDisposable
{
    private readonly DescriptorBacking _backing;

    internal DescriptorUse(DescriptorBacking backing, string name, Action? onIdle)
    {
        _backing = backing;
        Name = name;
        OnIdle = onIdle;
    }

    /// <summary>The name in messages.</summary>
    public string Name { get; }

    internal Action? OnIdle { get; }

    internal HashSet<ulong> Blocks { get; } = [];

    /// <summary>Sees to it that a range has page descriptors: all of it, or what was there before.</summary>
    /// <returns><see cref="Errno.ENXIO"/> outside the region; <see cref="Errno.ENOMEM"/>.</returns>
    public Errno TryCover(PhysicalRange range, out string reason) => _backing.TryCover(this, range, out reason);

    /// <summary>Covers nothing any more. Descriptors go when nobody else covers them and nobody holds a page.</summary>
    public void Release() => _backing.Release(this, isClosing: false);

    /// <summary>The same, for good.</summary>
    public void Dispose() => _backing.Release(this, isClosing: true);
}
