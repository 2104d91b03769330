// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Physr.Storage.Raid;

/// <summary>Work of an array that is under way: what an <c>async</c> method of it returns. It goes on on the thread that submits or polls, inside the call that completed what it waited
/// for; no thread pool, no context. Awaited at most once.</summary>
[AsyncMethodBuilder(typeof(StepBuilder<>))]
internal sealed class Step<T> : INotifyCompletion
{
    private Action? _continuation;
    private ExceptionDispatchInfo? _failure;
    private T? _result;

    /// <summary>Whether it ended.</summary>
    public bool IsCompleted { get; private set; }

    /// <summary>Work that ended before it began.</summary>
    public static Step<T> Of(T result) => new() { _result = result, IsCompleted = true };

    /// <summary>For the compiler.</summary>
    public Step<T> GetAwaiter() => this;

    /// <summary>What it gave.</summary>
    public T GetResult()
    {
        _failure?.Throw();
        return _result!;
    }

    /// <inheritdoc/>
    public void OnCompleted(Action continuation)
    {
        if (IsCompleted)
        {
            continuation();
        }
        else
        {
            _continuation = continuation;
        }
    }

    /// <summary>Ends it.</summary>
    public void Complete(T result)
    {
        _result = result;
        IsCompleted = true;
        _continuation?.Invoke();
    }

    /// <summary>Ends it with an exception, for whoever awaits it.</summary>
    public void Fail(Exception exception)
    {
        _failure = ExceptionDispatchInfo.Capture(exception);
        IsCompleted = true;
        _continuation?.Invoke();
    }
}
