// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>A hold on a live pagemap, as a look-up gives it; the teardown waits until it is disposed (rows R7, R13a).</summary>
/// <remarks>A value that stands for one reference: dispose one copy of it, once.</remarks>
public readonly struct PagemapReference : IDisposable, IEquatable<PagemapReference>
{
    private readonly PagemapRegistration? _registration;

    internal PagemapReference(PagemapRegistration registration) => _registration = registration;

    /// <summary>The pagemap.</summary>
    /// <exception cref="InvalidOperationException">A default value holds nothing.</exception>
    public Pagemap Pagemap => _registration?.Pagemap ?? throw new InvalidOperationException("A default reference holds no pagemap.");

    /// <summary>Lets go.</summary>
    public void Dispose() => _registration?.References.Release();

    /// <inheritdoc/>
    public bool Equals(PagemapReference other) => _registration == other._registration;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is PagemapReference other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _registration?.GetHashCode() ?? 0;

    /// <summary>Same registration of the same pagemap.</summary>
    public static bool operator ==(PagemapReference left, PagemapReference right) => left.Equals(right);

    /// <summary>Not the same registration.</summary>
    public static bool operator !=(PagemapReference left, PagemapReference right) => !left.Equals(right);
}
