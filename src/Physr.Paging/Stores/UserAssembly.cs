// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Reflection;
using System.Runtime.Loader;

namespace Physr.Paging.Stores;

/// <summary>A user's assembly with what it needs, beside those of this process; Physr's own are shared, so that <see cref="IBackingStore"/> is one type.</summary>
internal sealed class UserAssembly(string path) : AssemblyLoadContext($"store {path}", isCollectible: true)
{
    private static readonly string[] s_shared = [typeof(IBackingStore).Assembly.GetName().Name!, typeof(Errno).Assembly.GetName().Name!];

    private readonly AssemblyDependencyResolver _resolver = new(path);

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        string? found = s_shared.Contains(assemblyName.Name, StringComparer.Ordinal) ? null : _resolver.ResolveAssemblyToPath(assemblyName);
        return found is null ? null : LoadFromAssemblyPath(found);
    }

    /// <inheritdoc/>
    protected override nint LoadUnmanagedDll(string unmanagedDllName)
    {
        string? found = _resolver.ResolveUnmanagedDllToPath(unmanagedDllName);
        return found is null ? 0 : LoadUnmanagedDllFromPath(found);
    }
}
