// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Physr.Storage.Raid;

/// <summary>Builds a <see cref="Step{T}"/> from an <c>async</c> method. What never waits costs one object.</summary>
internal struct StepBuilder<T>
{
    private Action? _moveNext;

    /// <summary>The work.</summary>
    public Step<T> Task { get; private set; }

    /// <summary>For the compiler.</summary>
    public static StepBuilder<T> Create() => new() { Task = new() };

    /// <summary>For the compiler.</summary>
    [SuppressMessage("Performance", "CA1822", Justification = "The compiler calls it on an instance.")]
    public readonly void Start<TMachine>(ref TMachine machine)
        where TMachine : IAsyncStateMachine => machine.MoveNext();

    /// <summary>For the compiler; machines are boxed below.</summary>
    [SuppressMessage("Performance", "CA1822", Justification = "The compiler calls it on an instance.")]
    public readonly void SetStateMachine(IAsyncStateMachine machine) => ArgumentNullException.ThrowIfNull(machine);

    /// <summary>For the compiler.</summary>
    public readonly void SetResult(T result) => Task.Complete(result);

    /// <summary>For the compiler.</summary>
    public readonly void SetException(Exception exception) => Task.Fail(exception);

    /// <summary>For the compiler.</summary>
    public void AwaitOnCompleted<TAwaiter, TMachine>(ref TAwaiter awaiter, ref TMachine machine)
        where TAwaiter : INotifyCompletion
        where TMachine : IAsyncStateMachine
    {
        if (_moveNext is null)
        {
            // The machine holds this builder: the copy in the box must know how to go on, too.
            Box<TMachine> box = new();
            _moveNext = box.MoveNext;
            box.Take(machine);
        }

        awaiter.OnCompleted(_moveNext);
    }

    /// <summary>For the compiler.</summary>
    public void AwaitUnsafeOnCompleted<TAwaiter, TMachine>(ref TAwaiter awaiter, ref TMachine machine)
        where TAwaiter : ICriticalNotifyCompletion
        where TMachine : IAsyncStateMachine => AwaitOnCompleted(ref awaiter, ref machine);

    private sealed class Box<TMachine>
        where TMachine : IAsyncStateMachine
    {
        private TMachine _machine = default!;

        public void Take(TMachine machine) => _machine = machine;

        public void MoveNext() => _machine.MoveNext();
    }
}
