// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Reflection;
using System.Runtime.CompilerServices;
using Physr.Linux.Faults;
using Physr.Paging.Engine;

namespace Physr.Pager;

/// <summary>Compiles what a pager runs, while it has nothing to do but wait for another to die: threads wait for pages until it serves, and compiling on the way would be most of that.</summary>
internal sealed class WarmUp
{
    private const BindingFlags All = BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    private readonly IEnumerator<MethodBase> _methods = Methods().GetEnumerator();

    /// <summary>Compiles one method more.</summary>
    /// <returns>False: there is none.</returns>
    public bool Next()
    {
        if (!_methods.MoveNext())
        {
            return false;
        }

        try
        {
            RuntimeHelpers.PrepareMethod(_methods.Current.MethodHandle);
        }
        catch (Exception exception) when (exception is TypeLoadException or EntryPointNotFoundException or DllNotFoundException or NotSupportedException or ArgumentException)
        {
            // Whoever calls it finds out; here it is only early.
        }

        return true;
    }

    private static IEnumerable<MethodBase> Methods()
    {
        foreach (Assembly assembly in (Assembly[])[typeof(WarmUp).Assembly, typeof(RegionEngine).Assembly, typeof(Userfaultfd).Assembly])
        {
            foreach (Type type in assembly.GetTypes())
            {
                if (type.ContainsGenericParameters || type.IsInterface)
                {
                    continue;
                }

                foreach (MethodBase method in type.GetMethods(All).Concat<MethodBase>(type.GetConstructors(All)))
                {
                    if (!method.IsAbstract && !method.ContainsGenericParameters)
                    {
                        yield return method;
                    }
                }
            }
        }
    }
}
