// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;

namespace Physr.Memory;

/// <summary>One page of a registered pagemap, and the door to its <see cref="PageDescriptor"/>.</summary>
/// <remarks>The descriptor exists until the pagemap is torn down, and the teardown waits for pages in use and for <see cref="PagemapReference"/>s: use a page
/// only while one of the two is held. The value itself holds nothing.</remarks>
public readonly unsafe partial struct DevicePage : IEquatable<DevicePage>
{
    private readonly PagemapRegistration? _registration;
    private readonly PageDescriptor* _descriptor;
    private readonly ulong _page;

    internal DevicePage(PagemapRegistration registration, PageDescriptor* descriptor, ulong page)
    {
        _registration = registration;
        _descriptor = descriptor;
        _page = page;
    }

    /// <summary>Whose page it is.</summary>
    public Pagemap Pagemap => Registration.Pagemap;

    /// <summary>Whether the page lies in a private offset space and has no frame number.</summary>
    public bool HasNoFrame => Registration.IsOffsetSpace;

    /// <summary>The frame.</summary>
    /// <exception cref="InvalidOperationException">The page lies in a private offset space.</exception>
    public PageFrameNumber Frame => !HasNoFrame ? new(_page) : throw new InvalidOperationException("A page of a private offset space has no frame number.");

    /// <summary>The offset in the private offset space.</summary>
    /// <exception cref="InvalidOperationException">The page has a frame.</exception>
    public DevicePrivateOffset Offset => HasNoFrame ? new(_page << PageSize.Shift4K) : throw new InvalidOperationException("The page has a frame number, not a private offset.");

    /// <summary>The descriptor's fields that belong to whoever holds the page lock.</summary>
    public ref PageDescriptor Descriptor
    {
        get
        {
            // SAFETY: the pointer is into descriptor storage, which lives while the caller's reference does (see the type's remarks).
            return ref Unsafe.AsRef<PageDescriptor>(Pointer);
        }
    }

    /// <summary>References to the page; 0 is idle, except for generic memory, where 1 is.</summary>
    public int ReferenceCount => Volatile.Read(ref Descriptor.ReferenceCount);

    /// <summary>The flags.</summary>
    public PageFlags Flags => (PageFlags)Volatile.Read(ref Descriptor.FlagBits);

    /// <summary>log2 of the pages it heads; 0 for a single page and for a tail.</summary>
    public int Order => Descriptor.OrderValue;

    /// <summary>The head of the large page it lies in; itself for a head or a single page.</summary>
    public DevicePage Head
    {
        get
        {
            if ((Flags & PageFlags.Tail) == PageFlags.None)
            {
                return this;
            }

            DescriptorStorage storage = Registration.Find(_page)!;
            ulong unit = 1UL << storage.Layout.Order;
            ulong head = unit > 1 ? _page - ((_page - storage.FirstPage) & (unit - 1)) : _page - Descriptor.HeadDistance;
            return new(Registration, storage.At(head), head);
        }
    }

    internal ulong PageNumber => _page;

    private PagemapRegistration Registration => _registration ?? throw new InvalidOperationException("A default page belongs to no pagemap.");

    private PageDescriptor* Pointer => _registration is not null ? _descriptor : throw new InvalidOperationException("A default page belongs to no pagemap.");

    /// <inheritdoc/>
    public bool Equals(DevicePage other) => _registration == other._registration && _page == other._page;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is DevicePage other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_registration?.Id, _page);

    /// <summary>The frame or offset, and the pagemap.</summary>
    public override string ToString() => _registration is null ? "no page" : $"{(HasNoFrame ? $"offset {Offset}" : Frame)} of {Pagemap}";

    /// <summary>Same page of the same registration.</summary>
    public static bool operator ==(DevicePage left, DevicePage right) => left.Equals(right);

    /// <summary>Not the same page.</summary>
    public static bool operator !=(DevicePage left, DevicePage right) => !left.Equals(right);
}
