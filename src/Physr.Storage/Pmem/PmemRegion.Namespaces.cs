// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Storage.Btt;

namespace Physr.Storage.Pmem;

/// <content>Namespaces: reading labels, and changes that are there whole or not at all.</content>
public sealed partial class PmemRegion
{
    /// <summary>What the abstraction of a label may be, by mode (the GUIDs of UEFI for the translation table, of Linux for info blocks).</summary>
    private static readonly Guid[] s_abstractions =
    [
        Guid.Empty, new("266400ba-fb9f-4677-bcb0-968f11d0d225"), new("97a86d9c-3cdd-4eda-986f-5068b4f80088"), new("18633bfc-1735-4217-8ac9-17239282d3f8"),
    ];

    private readonly List<LabelProblem> _problems = [];

    /// <summary>The namespaces, ascending by address.</summary>
    public IReadOnlyList<PmemNamespace> Namespaces
    {
        get
        {
            lock (_lock)
            {
                return [.. _namespaces.OrderBy(static each => each.Label.Start)];
            }
        }
    }

    /// <summary>Slots in use of which no namespace can be made, and why. While there are any, no space is given away, for it may be theirs.</summary>
    public IReadOnlyList<LabelProblem> Problems => _problems;

    /// <summary>Bytes that no namespace has.</summary>
    public ulong AvailableBytes => FreeRuns().Aggregate(0UL, static (sum, run) => sum + run.Length);

    /// <summary>Makes a namespace. What its mode keeps on the medium is stored first, in space that nobody has; then its label appears, at once.</summary>
    /// <param name="request">What it is to be.</param>
    /// <param name="made">The namespace, not enabled; null on failure.</param>
    /// <param name="reason">Why not, and what would be right; empty on success.</param>
    /// <returns><see cref="Errno.EINVAL"/>; <see cref="Errno.ENOSPC"/>; <see cref="Errno.EEXIST"/> for an identity that is taken; <see cref="Errno.EUCLEAN"/> while <see cref="Problems"/> are
    /// open; <see cref="Errno.ENODEV"/> without labels; the media's own errors.</returns>
    public Errno TryCreate(NamespaceRequest request, out PmemNamespace? made, out string reason)
    {
        ArgumentNullException.ThrowIfNull(request);
        made = null;
        lock (_lock)
        {
            reason = request.Judge();
            if (reason.Length != 0 || IsDetached)
            {
                reason = IsDetached ? $"{Name} is detached" : reason;
                return IsDetached ? Errno.ENODEV : Errno.EINVAL;
            }

            if (_problems.Count != 0)
            {
                reason = $"{Name}: {_problems[0].Reason}: no space is given away until damaged labels are dropped";
                return Errno.EUCLEAN;
            }

            Guid uuid = request.Uuid == Guid.Empty ? Guid.NewGuid() : request.Uuid;
            if (_namespaces.Exists(each => each.Uuid == uuid))
            {
                reason = $"{Name}: there is a namespace {uuid} already";
                return Errno.EEXIST;
            }

            if (!TryPlace(request, out ulong start, out ulong length, out reason))
            {
                return Errno.ENOSPC;
            }

            if (!PassesGate("namespace"))
            {
                reason = $"{Name}: no memory for a namespace";
                return Errno.ENOMEM;
            }

            PmemLabel label = LabelOf(request, uuid, start, length);
            Errno errno = TryPrepare(request, label, out reason);
            errno = errno == Errno.None ? Labels.TryChange([], [label], out IReadOnlyList<PmemLabel> stored, out reason) : Keep(errno, out stored);
            if (errno == Errno.None)
            {
                made = new(this, stored[0], request.Mode, FreeNumber());
                _namespaces.Add(made);
            }

            return errno;
        }
    }

    /// <summary>Makes the labels blank.</summary>
    /// <param name="force">Whether to do so over labels or damage: every namespace is lost then, its bytes stay.</param>
    /// <param name="reason">Why not; empty on success.</param>
    /// <returns><see cref="Errno.EBUSY"/> while a namespace is enabled; <see cref="Errno.EEXIST"/>, <see cref="Errno.EUCLEAN"/> without force; the medium's own errors.</returns>
    public Errno TryInitializeLabels(bool force, out string reason)
    {
        lock (_lock)
        {
            if (_namespaces.Find(static each => each.IsEnabled) is { } enabled)
            {
                reason = $"{Name}: {enabled} is enabled: disable it first";
                return Errno.EBUSY;
            }

            Errno errno = Labels.TryInitialize(force, out reason);
            if (errno == Errno.None)
            {
                _namespaces.Clear();
                _problems.Clear();
            }

            return errno;
        }
    }

    /// <summary>Frees the slots of <see cref="Problems"/>: what they named is free space afterwards.</summary>
    public Errno TryDropDamagedLabels(out string reason)
    {
        lock (_lock)
        {
            Errno errno = Labels.TryChange([.. _problems.Select(static problem => problem.Slot)], [], out _, out reason);
            if (errno == Errno.None)
            {
                _problems.Clear();
            }

            return errno;
        }
    }

    internal static Guid AbstractionOf(NamespaceMode mode) => s_abstractions[(int)mode];

    /// <summary>Replaces a namespace's label by another, at once; null takes the namespace away.</summary>
    internal Errno Replace(PmemNamespace old, PmemLabel? label, out PmemLabel? stored, out string reason)
    {
        Errno errno = Labels.TryChange([old.Label.Slot], label is null ? [] : [label], out IReadOnlyList<PmemLabel> placed, out reason);
        stored = placed.Count != 0 ? placed[0] : null;
        if (errno == Errno.None && label is null)
        {
            _namespaces.Remove(old);
        }

        return errno;
    }

    /// <summary>The slice of the region that a label names.</summary>
    internal PersistentMemory SliceOf(PmemLabel label) => new MediaSlice($"{Name}+{label.Start:x}", Data, label.Start, label.Length);

    /// <summary>Stores what a mode keeps on the medium.</summary>
    internal Errno TryPrepare(NamespaceRequest request, PmemLabel label, out string reason)
    {
        reason = "";
        PersistentMemory bytes = SliceOf(label);
        switch (request.Mode)
        {
            case NamespaceMode.Raw:
                return Errno.None;
            case NamespaceMode.Sector:
                return BttFormat.TryFormat(bytes, new() { SectorBytes = request.SectorBytes, ParentUuid = label.Uuid }, out reason);
            default:
                Errno errno = PfnLayout.TryCompute(request.Mode, label.Length, request.Align, request.Map, out PfnLayout layout, out reason);
                return errno == Errno.None ? TryStoreInfo(bytes, request.Mode, label.Uuid, layout, out reason) : errno;
        }
    }

    internal PmemLabel LabelOf(NamespaceRequest request, Guid uuid, ulong start, ulong length) => new()
    {
        Uuid = uuid,
        Name = request.Name,
        Start = start,
        Length = length,
        InterleaveCookie = Options.InterleaveCookie,
        LogicalBlockBytes = request.Mode == NamespaceMode.Sector ? request.SectorBytes : 0,
        AlignmentShift = (byte)System.Numerics.BitOperations.Log2(request.Align),
        Abstraction = AbstractionOf(request.Mode),
    };

    private static Errno TryStoreInfo(PersistentMemory bytes, NamespaceMode mode, Guid parent, PfnLayout layout, out string reason)
    {
        byte[] block = new byte[PfnInfoBlock.SizeBytes];
        new PfnInfoBlock { Mode = mode, Uuid = Guid.NewGuid(), ParentUuid = parent, Layout = layout, DataPages = layout.UsableBytes >> PageSize.Shift4K }.Format(block);
        Errno errno = bytes.TryClearErrors(0, PfnLayout.HeadBytes, out _);
        errno = errno == Errno.None ? bytes.TryWritePersistent(PfnInfoBlock.Offset, block) : errno;
        reason = errno == Errno.None ? "" : $"{bytes.Name}: the info block cannot be stored ({errno})";
        return errno;
    }

    private static Errno Keep(Errno errno, out IReadOnlyList<PmemLabel> none)
    {
        none = [];
        return errno;
    }

    private int FreeNumber()
    {
        int number = 0;
        while (_namespaces.Exists(each => each.Number == number))
        {
            number++;
        }

        return number;
    }
}
