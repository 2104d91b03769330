// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Reflection;

namespace Physr.Paging.Stores;

/// <content>Loading.</content>
internal sealed partial class UserStore
{
    /// <summary>Loads a user's store and makes it.</summary>
    /// <param name="spec">Which.</param>
    /// <param name="length">Bytes of the region, in whole pages.</param>
    /// <param name="store">The store; null on failure.</param>
    /// <param name="reason">What is wrong, and what would be right; empty on success.</param>
    /// <returns><see cref="Errno.ENOENT"/> for an assembly or type that is not there; <see cref="Errno.EINVAL"/> for one that is no store, has no such constructor, or keeps fewer bytes;
    /// <see cref="Errno.EIO"/> where its constructor throws; <see cref="Errno.ETIMEDOUT"/>.</returns>
    public static Errno TryOpen(StoreSpec spec, ulong length, out UserStore? store, out string reason)
    {
        UserStore? made = null;
        Errno errno = Errno.None;
        string why = "";
        bool isInTime = TryWithin(spec.TimeLimitMs, () => errno = TryLoad(spec, length, out made, out why), out Exception? exception);
        if (!isInTime)
        {
            (errno, why) = (Errno.ETIMEDOUT, $"its constructor took longer than {spec.TimeLimitMs} ms");
        }
        else if (exception is not null)
        {
            (errno, why) = (Errno.EIO, Describe(exception));
        }

        store = isInTime ? made : null;
        reason = store is not null ? "" : $"user store {spec.TypeName} of {spec.Path}: {why}";
        return errno;
    }

    private static Errno TryLoad(StoreSpec spec, ulong length, out UserStore? store, out string reason)
    {
        store = null;
        if (!Path.IsPathFullyQualified(spec.Path) || !File.Exists(spec.Path))
        {
            reason = Path.IsPathFullyQualified(spec.Path) ? "there is no such assembly that the pager may read" : "the path of its assembly has to be a full one";
            return Errno.ENOENT;
        }

        UserAssembly context = new(spec.Path);
        Errno errno = TryMake(context, spec, out IBackingStore? made, out reason);
        if (made is not null && made.Length < length)
        {
            errno = Errno.EINVAL;
            reason = $"it keeps {made.Length} bytes, and the region has {length}";
            made.Dispose();
        }

        if (errno != Errno.None)
        {
            context.Unload();
            return errno;
        }

        store = new(made!, context, length, spec.TimeLimitMs);
        return Errno.None;
    }

    private static Errno TryMake(UserAssembly context, StoreSpec spec, out IBackingStore? store, out string reason)
    {
        store = null;
        Type? type;
        try
        {
            type = context.LoadFromAssemblyPath(spec.Path).GetType(spec.TypeName);
        }
        catch (BadImageFormatException)
        {
            reason = "the file is no .NET assembly that this process can load";
            return Errno.EINVAL;
        }

        if (type is null)
        {
            reason = "the assembly has no such type: give its full name, with its namespace";
            return Errno.ENOENT;
        }

        if (!typeof(IBackingStore).IsAssignableFrom(type) || type.IsAbstract)
        {
            reason = type.IsAbstract ? "the type is abstract" : $"the type does not implement {typeof(IBackingStore).FullName} of this pager's {typeof(IBackingStore).Assembly.GetName()}";
            return Errno.EINVAL;
        }

        object?[] arguments = [spec.Argument, spec.Length];
        ConstructorInfo? constructor = type.GetConstructor([typeof(string), typeof(ulong)]);
        if (constructor is null)
        {
            (constructor, arguments) = (type.GetConstructor([typeof(string)]), [spec.Argument]);
        }

        if (constructor is null)
        {
            reason = "the type has no public constructor (string argument, ulong length) or (string argument)";
            return Errno.EINVAL;
        }

        store = (IBackingStore)constructor.Invoke(BindingFlags.DoNotWrapExceptions, binder: null, arguments, culture: null);
        reason = "";
        return Errno.None;
    }

    /// <summary>Runs a user's code on a thread of its own.</summary>
    /// <returns>False where it took longer: it goes on, and nobody waits for it.</returns>
    private static bool TryWithin(int limitMs, Action run, out Exception? exception)
    {
        Exception? thrown = null;
        Thread thread = new(() =>
        {
            try
            {
                run();
            }
#pragma warning disable CA1031 // Whatever a user's code throws is a failed call, and never the end of the pager.
            catch (Exception caught)
#pragma warning restore CA1031
            {
                thrown = caught;
            }
        })
        { IsBackground = true, Name = "physr store" };
        thread.Start();
        bool isInTime = thread.Join(limitMs);
        exception = isInTime ? thrown : null;
        return isInTime;
    }

    private static string Describe(Exception exception) => $"{exception.GetType().FullName}: {exception.Message}";
}
